"""Imports a bundle into a Superset of its own and asks every chart; see test_superset.

Runs in Superset's environment: `python superset_session.py PLAN`. PLAN is a JSON file
with `home` (an empty folder), `bundle`, `passwords` (of the databases in the bundle),
`segmentation` (of the native filter) and `answers` (the file to write). Every chart of
the dashboard is asked twice: with the query that was saved with it, and as the
dashboard asks it, with the native filter where it applies.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

ADMIN = "admin"


def create_superset(home: Path) -> Any:
    """Make a Superset with an empty metadata database and an administrator."""
    settings = home / "superset_config.py"
    settings.write_text(
        "SECRET_KEY = 'made for one test, and long enough for a token'\n"
        f"SQLALCHEMY_DATABASE_URI = 'sqlite:///{home}/superset.db'\n"
        "WTF_CSRF_ENABLED = False\n"
        "TALISMAN_ENABLED = False\n"
    )
    os.environ["SUPERSET_CONFIG_PATH"] = str(settings)
    os.environ["SUPERSET_HOME"] = str(home)
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        from flask_migrate import upgrade
        from superset import appbuilder, security_manager

        upgrade()
        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
        role = security_manager.find_role("Admin")
        security_manager.add_user(ADMIN, ADMIN, ADMIN, "a@shop.example", role, ADMIN)
    return app


def sign_in(client: Any) -> None:
    """Take a token for the REST API, and send it with every request."""
    user = {"username": ADMIN, "password": ADMIN, "provider": "db"}
    token = answer(client.post("/api/v1/security/login", json=user))["access_token"]
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"


def answer(response: Any) -> Any:
    """Return the body of a response, which must have status 200."""
    if response.status_code != 200:
        raise SystemExit(f"{response.status_code}: {response.get_data(as_text=True)}")
    return response.get_json()


def import_bundle(client: Any, api: str, field: str, plan: dict[str, Any]) -> None:
    """Import a bundle through the REST API."""
    with open(plan["bundle"], "rb") as file:
        form = {field: (file, "bundle.zip"), "passwords": json.dumps(plan["passwords"])}
        answer(client.post(f"/api/v1/{api}/import/", data=form))


def ask_charts(client: Any, segmentation: str) -> dict[str, Any]:
    """Return the rows of every chart of the dashboard, by its name."""
    dashboard = "/api/v1/dashboard/customer-trajectories"
    found = answer(client.get(dashboard))["result"]
    (native_filter,) = json.loads(found["json_metadata"])["native_filter_configuration"]
    charts = answer(client.get(f"{dashboard}/charts"))["result"]
    answers = {}
    for chart in charts:
        saved = answer(client.get(f"/api/v1/chart/{chart['id']}"))["result"]
        context = json.loads(saved["query_context"])
        plain = answer(client.get(f"/api/v1/chart/{chart['id']}/data/?force=true"))
        if chart["id"] not in native_filter["scope"]["excluded"]:
            chosen = {"col": "segmentation", "op": "IN", "val": [segmentation]}
            context["queries"][0]["filters"].append(chosen)
        shown = answer(client.post("/api/v1/chart/data?force=true", json=context))
        answers[chart["slice_name"]] = {
            "saved": plain["result"][0]["data"],
            "shown": shown["result"][0]["data"],
        }
    return answers


def ask_datasets(client: Any) -> dict[str, Any]:
    """Return what Superset takes each column of each dataset for."""
    # Without a size, the list has the first twenty.
    asked = "/api/v1/dataset/?q=(page:0,page_size:100)"
    datasets = answer(client.get(asked))["result"]
    return {
        dataset["table_name"]: {
            column["column_name"]: column["type_generic"]
            for column in answer(client.get(f"/api/v1/dataset/{dataset['id']}"))[
                "result"
            ]["columns"]
        }
        for dataset in datasets
    }


def main(plan: dict[str, Any]) -> None:
    """Import as the form in the pages does, then again as an update, and ask."""
    app = create_superset(Path(plan["home"]))
    client = app.test_client()
    sign_in(client)
    import_bundle(client, "dashboard", "formData", plan)
    import_bundle(client, "assets", "bundle", plan)
    charts, datasets = ask_charts(client, plan["segmentation"]), ask_datasets(client)
    answers = {"charts": charts, "datasets": datasets}
    Path(plan["answers"]).write_text(json.dumps(answers))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))

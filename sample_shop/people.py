"""Made-up people: demographics and addresses. No row describes a real person."""

import numpy as np
import pandas as pd
from trajectories.sample_shop.kinds import KINDS


def _words(text: str) -> list[str]:
    """Split a text into words."""
    return text.split()


_FEMALE = _words(
    "Abigail Aisha Alice Amelia Anjali Anna Ava Beatrice Bella Bronte Charlotte "
    "Chloe "
    "Clara Daisy Eleanor Elif Ella Emily Esther Eva Fatima Freya Grace Hana Hannah "
    "Harriet Imogen Ines Iris Isla Ivy Jasmine Josie Kiara Lara Layla Leila Lily "
    "Lucia "
    "Lucy Mabel Maya Mei Mia Mila Nadia Nina Olive Olivia Phoebe Priya Quinn Rosa "
    "Ruby "
    "Sadie Sara Sienna Sofia Stella Tara Thea Violet Willow Yara Zara Zoe"
)
_MALE = _words(
    "Aaron Adam Ahmed Alan Albert Alfie Amir Angus Archie Arjun Arlo Ben Bruno Caleb "
    "Callum Carlos Connor Daniel David Diego Dylan Edward Eli Ethan Ewan Felix Finn "
    "Frank George Hamish Harry Henry Hugo Ibrahim Isaac Jack James Jasper Joel Jonas "
    "Jude Kai Kenji Leo Liam Louis Lucas Luke Marco Mateo Max Miles Nathan Noah "
    "Oliver "
    "Oscar Owen Patrick Ravi Reuben Rory Samuel Sebastian Theo Thomas Toby Victor "
    "Wei "
    "William Xavier Yusuf"
)
_LAST = _words(
    "Abbott Ahearn Alcott Appleby Ashdown Bannerman Barlow Beckett Bellamy Birch "
    "Blackwood Bradshaw Brandt Calloway Carver Chaudhry Chen Clifton Conway Cooper "
    "Costa Crane Dalton Darby Delgado Dempsey Ellison Everett Fairweather Farrow "
    "Fenton "
    "Ferreira Fletcher Forsyth Foster Gallagher Garrick Gibson Goodwin Grainger "
    "Gupta "
    "Hadley Halloran Hargreaves Harlow Hassan Hayward Holloway Huang Hughes Iqbal "
    "Ivanov "
    "Jarvis Jensen Kaur Kavanagh Keating Kendrick Khan Kowalski Lambert Langley "
    "Larsen "
    "Leighton Lim Lockwood Lonsdale Mackay Maddox Marlowe Mason Mbeki Merton "
    "Mitchell "
    "Moretti Morgan Nakamura Nash Nguyen Norwood Novak Okafor Olsen Osborne Palmer "
    "Park "
    "Patel Pemberton Pereira Petrov Prescott Quigley Radley Rahman Ramsey Redmond "
    "Rossi "
    "Rowe Sandhu Santos Sato Schmidt Selby Shaw Singh Stanton Sullivan Sutherland "
    "Tanaka "
    "Thornton Tran Underwood Vance Vargas Wakefield Walsh Warwick Watts Weston "
    "Whitlock "
    "Winslow Wong Yates Yilmaz Young Zhang"
)
_JOBS = (
    "Accountant",
    "Analyst Programmer",
    "Bookkeeper",
    "Chef",
    "Civil Engineer",
    "Courier",
    "Electrician",
    "General Manager",
    "Legal Assistant",
    "Marketing Manager",
    "Nurse",
    "Office Assistant",
    "Pharmacist",
    "Project Manager",
    "Recruiter",
    "Sales Representative",
    "Social Worker",
    "Teacher",
    "Technical Writer",
    "Workshop Foreman",
)
_INDUSTRIES = (
    "Manufacturing",
    "Financial Services",
    "Health",
    "Retail",
    "Property",
    "IT",
    "Entertainment",
    "Agriculture",
    "Telecommunications",
    "n/a",
)
_INDUSTRY_CHANCES = (0.2, 0.19, 0.16, 0.1, 0.07, 0.06, 0.04, 0.03, 0.02, 0.13)
_WEALTH = ("Mass Customer", "Affluent Customer", "High Net Worth")
_STATES = ("NSW", "VIC", "QLD", "SA", "WA", "TAS", "ACT", "NT")
_STATE_CHANCES = (0.4, 0.24, 0.18, 0.05, 0.07, 0.02, 0.02, 0.02)
_FIRST_POSTCODES = np.array([2000, 3000, 4000, 5000, 6000, 7000, 2600, 800])
_POSTCODE_RANGES = np.array([590, 900, 880, 700, 700, 400, 18, 60])
_STREETS = _words(
    "Acacia Banksia Bluegum Boathouse Cedar Chapel Clydesdale Coolibah Correa Depot "
    "Dockside Fernleigh Foundry Grevillea Harbour Heron Ironbark Jacaranda "
    "Kookaburra "
    "Lantern Lilly Magpie Melaleuca Millstream Old Orchard Paperbark Pelican Quarry "
    "Regent Rosella Saltbush Sandstone Station Summit Tanner Telegraph Tramway "
    "Velodrome "
    "Wattle Wharf Wheelwright Windmill"
)
_STREET_TYPES = ("Street", "Road", "Avenue", "Lane", "Court", "Parade", "Way")


def _wealth(rng: np.random.Generator, kinds: np.ndarray) -> np.ndarray:
    """Draw wealth segments; business and loyal customers are wealthier."""
    wealthy = np.isin(
        kinds, [n for n, kind in enumerate(KINDS) if "Champions" in kind.lifecycle_kind]
    )
    thrifty = np.array([kind.name == "Sale Hunters" for kind in KINDS])[kinds]
    mass = np.where(wealthy, 0.32, np.where(thrifty, 0.65, 0.5))
    affluent = mass + np.where(wealthy, 0.33, np.where(thrifty, 0.2, 0.25))
    draw = rng.random(len(kinds))
    return np.array(_WEALTH)[(draw >= mass).astype(int) + (draw >= affluent)]


def make_demographics(
    rng: np.random.Generator,
    customer_ids: np.ndarray,
    kinds: np.ndarray,
    end_date: np.datetime64,
) -> pd.DataFrame:
    """Make one row of demographics per customer, clean.

    Args:
        rng: the source of chance.
        customer_ids: (customers,) strings.
        kinds: (customers,) index in KINDS at the end of the history.
        end_date: the day on which ages are counted.

    Returns:
        Columns of the input contract, all strings.
    """
    count = len(customer_ids)
    is_female = rng.random(count) < 0.5
    ages = np.clip(rng.normal(44, 13, count), 17, 88)
    births = end_date - (ages * 365.25).astype(int)
    chances = np.array(_INDUSTRY_CHANCES) / sum(_INDUSTRY_CHANCES)
    return pd.DataFrame(
        {
            "customer_id": customer_ids,
            "first_name": np.where(
                is_female, rng.choice(_FEMALE, count), rng.choice(_MALE, count)
            ),
            "last_name": rng.choice(_LAST, count),
            "gender": np.where(is_female, "Female", "Male"),
            "DOB": np.datetime_as_string(births),
            "job_title": rng.choice(_JOBS, count),
            "job_industry_category": rng.choice(_INDUSTRIES, count, p=chances),
            "wealth_segment": _wealth(rng, kinds),
            "deceased_indicator": "N",
            "owns_car": np.where(rng.random(count) < 0.51, "Yes", "No"),
            "tenure": rng.integers(1, 23, count).astype(str),
        },
        dtype=object,
    )


def make_addresses(rng: np.random.Generator, customer_ids: np.ndarray) -> pd.DataFrame:
    """Make one address per customer, clean.

    Args:
        rng: the source of chance.
        customer_ids: (customers,) strings.

    Returns:
        Columns of the input contract, all strings; postcodes keep leading zeros.
    """
    count = len(customer_ids)
    states = rng.choice(len(_STATES), count, p=_STATE_CHANCES)
    postcodes = _FIRST_POSTCODES[states]
    postcodes = postcodes + (rng.random(count) * _POSTCODE_RANGES[states]).astype(int)
    streets = rng.choice(_STREETS, count).astype(object)
    types = rng.choice(_STREET_TYPES, count).astype(object)
    numbers = rng.integers(1, 400, count).astype(str).astype(object)
    valuations = np.clip(np.rint(rng.normal(7.5, 2.8, count)), 1, 12).astype(int)
    return pd.DataFrame(
        {
            "customer_id": customer_ids,
            "address": numbers + " " + streets + " " + types,
            "postcode": np.char.zfill(postcodes.astype(str), 4),
            "state": np.array(_STATES)[states],
            "country": "Australia",
            "property_valuation": valuations.astype(str),
        },
        dtype=object,
    )

{{ select_input('experiment_assignments') }}

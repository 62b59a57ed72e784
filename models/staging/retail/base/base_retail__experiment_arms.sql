{{ select_input('experiment_arms') }}

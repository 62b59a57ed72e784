{{ select_input('experiments') }}

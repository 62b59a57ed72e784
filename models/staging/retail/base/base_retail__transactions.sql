{{ select_input('transactions') }}

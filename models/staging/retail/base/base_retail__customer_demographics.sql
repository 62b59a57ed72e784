{{ select_input('customer_demographics') }}

{{ select_input('customer_addresses') }}

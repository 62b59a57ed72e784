{{ select_input('web_sessions') }}

"""Series of customers: built from orders, smoothed, represented."""

"""What `demo.py` is made of: shops as processes, their steps on the terminal, a customer, and somebody who forges."""

"""How readers subscribe by themselves, and see, change and delete what is kept of them."""

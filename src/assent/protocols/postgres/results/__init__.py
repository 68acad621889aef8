"""What a permit obliges the gateway to do to results: masks, limits, what is recorded of them."""

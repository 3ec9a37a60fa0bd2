"""Echo state networks: a fixed random recurrent network, and a fitted read-out."""

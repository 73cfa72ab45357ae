"""What the command line is made of: its commands by group, and what all commands share. `flows.cli` lists them."""

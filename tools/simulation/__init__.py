"""Years of a portal's life in minutes: companies, their money, faults, and the books at the end."""

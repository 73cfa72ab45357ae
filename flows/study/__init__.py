"""User studies of finished runs: making them, collecting answers, analysing them; see docs/user-study.md."""

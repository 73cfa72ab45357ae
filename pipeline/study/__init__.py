"""User studies: balanced questionnaires as static pages, and the analysis of their answers."""

"""Scores explanations: faithfulness of maps, attribute recognition, replacement effects and the audit."""

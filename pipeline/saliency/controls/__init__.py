"""Controls that know nothing of the model: noise and a blob at the centre."""

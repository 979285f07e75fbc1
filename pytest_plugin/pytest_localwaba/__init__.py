"""pytest plugin of localwaba: fixtures `waba` and `waba_server`, marker `waba`; Hypothesis strategies."""

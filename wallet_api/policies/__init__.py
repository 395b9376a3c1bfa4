"""Policies: what a wallet may sign. docs/policies.md describes them for operators.

Nothing here depends on HTTP or SQL, or reads a clock: a verdict depends on its arguments only.

- rules: the rules, and their canonical JSON. reading: reads them strictly, once; json_schema: for
  programs that write them.
- matching: which rules match which effects of a request, and what a request spends. counting: what
  rules and their windows count.
- evaluation: the rules that match a request, the windows that must be summed, and the verdict.
- explanation, warnings: rules, refusals and probable mistakes in English. examples: requests that a
  rule matches, with which warnings find rules that can never match. coverage: rules that match all
  that another rule matches.
"""

"""Reports: tables, figures and pages drawn from the rows of a run."""

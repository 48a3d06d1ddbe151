"""The report: results files as one self-contained HTML page, or as Markdown."""

"""The LW-ISP student network (Chen and Ma, arXiv 2210.03904)."""

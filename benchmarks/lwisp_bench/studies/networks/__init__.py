"""Other networks, written from their published descriptions, to compare LW-ISP with. The harness's only torch."""

"""Other networks, written from their published descriptions, to be measured beside LW-ISP. The harness's only torch."""

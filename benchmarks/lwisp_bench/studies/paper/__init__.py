"""The paper's headline on one machine: PyNET and LW-ISP through one export chain and one runtime, in turns."""

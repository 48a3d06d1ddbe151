"""The paper's headline claim on one machine: PyNET and LW-ISP by one export chain and one runtime, in turns."""

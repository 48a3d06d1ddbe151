"""Devices behind one interface: this host, boards over SSH, Android over adb."""

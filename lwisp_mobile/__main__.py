import sys

from lwisp_mobile.cli import main

if __name__ == "__main__":
    sys.exit(main())

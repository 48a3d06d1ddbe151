import sys

from lwisp_mobile.cli.main import main

if __name__ == "__main__":
    sys.exit(main())

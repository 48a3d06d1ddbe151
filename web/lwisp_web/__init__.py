"""LW-ISP in the browser: a static page (`page/`), the site around it, and a server for it."""

"""The device process: sockets, limits, lanes, answers after commit, commands to devices. Never imports the web."""

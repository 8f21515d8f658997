from ecobureau.cli import main

raise SystemExit(main())

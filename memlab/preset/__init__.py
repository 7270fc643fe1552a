"""What an experiment is: the schema, its YAML files, overrides, and a look ahead before it runs."""

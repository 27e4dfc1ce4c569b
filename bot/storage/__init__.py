"""What is remembered: the tables and one repository module for each noun. The only place with SQL statements."""

"""How `make story` tells the product's main line: through its pages and its ERP, nothing else."""

"""SQL models over the warehouse's tables: data, read by the code location."""

"""The editors' pages: views, forms and templates over the domain. Nobody imports the desk."""

"""Short months and hours of 24, as in the rest of the product."""

DATE_FORMAT = "j. M Y"
SHORT_DATE_FORMAT = "j. M Y"
DATETIME_FORMAT = "j. M Y H:i"
SHORT_DATETIME_FORMAT = "j. M Y H:i"
TIME_FORMAT = "H:i"
MONTH_DAY_FORMAT = "j. M"
FIRST_DAY_OF_WEEK = 1

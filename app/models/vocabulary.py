"""The words of the trade that several tables share."""

from enum import StrEnum


class Kind(StrEnum):
    """What a title is."""

    FEATURE = "feature"
    DOCUMENTARY = "documentary"
    ANIMATION = "animation"
    SHORT = "short"
    SERIES = "series"
    MICRODRAMA = "microdrama"
    FORMAT = "format"
    PROJECT = "project"
    SEASON = "season"
    EPISODE = "episode"
    VOLUME = "volume"
    COLLECTION = "collection"
    SUPPLEMENT = "supplement"


# What is part of another title. A supplement may also stand alone; the others are nothing without
# what they are part of.
DEPENDENT_PARTS = (Kind.SEASON, Kind.EPISODE, Kind.VOLUME)
PARTS = (*DEPENDENT_PARTS, Kind.SUPPLEMENT)


class Stage(StrEnum):
    """How far a title has come."""

    IN_DEVELOPMENT = "in_development"
    FINANCING = "financing"
    PRE_PRODUCTION = "pre_production"
    IN_PRODUCTION = "in_production"
    POST_PRODUCTION = "post_production"
    COMPLETED = "completed"


class Genre(StrEnum):
    """What a title is about, as buyers filter."""

    ACTION = "action"
    ADVENTURE = "adventure"
    ARTS = "arts"
    BIOGRAPHY = "biography"
    CHILDREN = "children"
    COMEDY = "comedy"
    CRIME = "crime"
    CURRENT_AFFAIRS = "current_affairs"
    DRAMA = "drama"
    EDUCATIONAL = "educational"
    FAMILY = "family"
    FANTASY = "fantasy"
    FOOD = "food"
    GAME_SHOW = "game_show"
    HISTORY = "history"
    HORROR = "horror"
    LGBTQ = "lgbtq"
    LIFESTYLE = "lifestyle"
    MARTIAL_ARTS = "martial_arts"
    MUSIC = "music"
    MUSICAL = "musical"
    MYSTERY = "mystery"
    NATURE = "nature"
    REALITY = "reality"
    RELIGION = "religion"
    ROMANCE = "romance"
    SCIENCE = "science"
    SCIENCE_FICTION = "science_fiction"
    SPORT = "sport"
    STAND_UP = "stand_up"
    TALK_SHOW = "talk_show"
    TEEN = "teen"
    THRILLER = "thriller"
    TRAVEL = "travel"
    TRUE_CRIME = "true_crime"
    WAR = "war"
    WESTERN = "western"


class CreditRole(StrEnum):
    """What somebody did on a title."""

    DIRECTOR = "director"
    WRITER = "writer"
    PRODUCER = "producer"
    CREATOR = "creator"
    CAST = "cast"
    CINEMATOGRAPHER = "cinematographer"
    EDITOR = "editor"
    COMPOSER = "composer"
    PRODUCTION_COMPANY = "production_company"


class Sought(StrEnum):
    """What a project looks for."""

    CO_PRODUCER = "co_producer"
    FINANCING = "financing"
    PRE_SALE = "pre_sale"
    SALES_AGENT = "sales_agent"


class Exclusivity(StrEnum):
    """How an offering may be bought: by one alone, by several side by side, or as one likes."""

    EXCLUSIVE = "exclusive"
    NON_EXCLUSIVE = "non_exclusive"
    EITHER = "either"

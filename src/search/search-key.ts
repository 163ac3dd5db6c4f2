/** What a cursor of search says of the last hit: day, number of the rung, exactness, score, instant. */
export const SEARCH_KEY = /^(\d{1,6})\.([0-3])\.([01])\.(-?\d{1,12})\.(-?\d{1,17})$/;

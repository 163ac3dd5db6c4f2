/** What a cursor of search says of the last hit: moment of the first page, number of the rung, exactness, score, instant, which terms were unknown. */
export const SEARCH_KEY = /^(\d{1,17})\.([0-3])\.([01])\.(-?\d{1,12})\.(-?\d{1,17})\.(\d{1,4})$/;

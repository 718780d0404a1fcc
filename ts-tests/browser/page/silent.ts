history.replaceState(null, "", location.pathname);

export {};

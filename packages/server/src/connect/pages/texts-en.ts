/** What owners read, in English. Every other language has the same entries. */
export const TEXTS_EN = {
  language: 'English',
  languages: 'Language',
  product: 'Connected car account',
  /** The makes that a page may show in its header. A page never shows another make that a request names. */
  makes: {
    audi: 'Audi',
    bmw: 'BMW',
    cadillac: 'Cadillac',
    chevrolet: 'Chevrolet',
    citroen: 'Citroën',
    ford: 'Ford',
    genesis: 'Genesis',
    honda: 'Honda',
    hyundai: 'Hyundai',
    jaguar: 'Jaguar',
    jeep: 'Jeep',
    kia: 'Kia',
    'land rover': 'Land Rover',
    lexus: 'Lexus',
    lincoln: 'Lincoln',
    mazda: 'Mazda',
    'mercedes-benz': 'Mercedes-Benz',
    mini: 'MINI',
    nissan: 'Nissan',
    opel: 'Opel',
    peugeot: 'Peugeot',
    polestar: 'Polestar',
    porsche: 'Porsche',
    renault: 'Renault',
    rivian: 'Rivian',
    skoda: 'Škoda',
    subaru: 'Subaru',
    tesla: 'Tesla',
    toyota: 'Toyota',
    volkswagen: 'Volkswagen',
    volvo: 'Volvo',
  } as Readonly<Record<string, string>>,
  /** For a dialect whose requests name no permissions. */
  choosingLater: (make: string): string =>
    `Next, you choose which of your ${make} vehicles to share. The app sees nothing of the others.`,

  consent: {
    title: (client: string): string => `Share with ${client}`,
    heading: (client: string, make: string | undefined): string =>
      `Connect your ${make ?? 'car'} to ${client}?`,
    headingLater: (client: string, make: string): string => `Connect your ${make} account to ${client}?`,
    reads: (client: string): string => `${client} will see`,
    controls: (client: string): string => `${client} will be able to control your car`,
    controlsNote: 'The app can do this at any time, also when you are not in or near your car.',
    vehicles: 'Which vehicles do you want to share?',
    vehicle: 'Which vehicle do you want to share?',
    agree: 'Agree',
    decline: 'Decline',
    returning: (host: string): string => `You will return to ${host}.`,
    removing: 'You can remove access at any time:',
    chooseOne: 'Choose at least one vehicle',
    chooseExactlyOne: 'Choose one vehicle',
    noneChosen: 'Nothing has been shared yet.',
    search: 'Search vehicles',
    selectAll: 'Select all',
    selectNone: 'Select none',
    selected: (count: string, total: string): string => `${count} of ${total} selected`,
    noneFound: 'No vehicle found',
    by: (developer: string): string => `by ${developer}`,
    privacy: 'Privacy policy',
  },
  /** For what a client wants which data, and until when. */
  agreement: {
    purpose: (client: string): string => `What ${client} wants it for`,
    data: 'Data',
    until: 'Until',
    noEnd: 'You remove the access',
    change: 'Change or end',
    changeNote: 'You can share less, or again up to what the app asked for. It counts at once.',
    untilDay: 'Until the end of',
    save: 'Save',
    end: 'End this access',
  },
  select: {
    title: 'Choose vehicles',
    heading: (client: string): string => `Which vehicles do you want to share with ${client}?`,
    lead: 'Only the vehicles you choose are shared.',
    vehicles: (make: string): string => `Your ${make} vehicles`,
    agree: 'Share',
    decline: 'Not now',
  },
  noVehicles: {
    title: 'No vehicle found',
    heading: 'There is no vehicle to share',
    text: (make: string | undefined): string =>
      `Your account has no connected ${make === undefined ? '' : `${make} `}vehicle. If your car is in another account, sign in with that account.`,
    leave: (client: string): string => `Back to ${client}`,
  },
  signIn: {
    title: 'Sign in',
    demoHeading: 'Choose a demo owner',
    demoLead: 'These owners and vehicles are simulated. No real car is involved.',
    owner: (number: number): string => `Demo owner ${number}`,
    withoutVehicles: 'No vehicles',
    upstream: 'Sign in with your account',
    or: 'or',
    cancel: 'Cancel',
    signingOut: 'You are signed out here. Signing you out of your account too',
    redirecting: 'Taking you to the sign-in page',
    continuing: 'Taking you to the next page',
    continue: 'Continue',
    otherAccountHeading: 'Please use a different account',
    otherAccountText:
      'The app is connected to a different account. Sign in with that account to choose vehicles.',
    signedInAs: (name: string): string => `Signed in as ${name}`,
    signedIn: 'You are signed in',
    switch: 'Switch account',
    signOut: 'Sign out',
  },
  owner: {
    title: 'What I share',
    lead: 'These apps can use your vehicles. Access stops as soon as you remove it.',
    nothing: 'No app has access to your vehicles.',
    signInLead: 'Sign in to see which apps can use your vehicles, and to remove their access.',
    since: (date: string): string => `Since ${date}`,
    lastUsed: (date: string): string => `Last used ${date}`,
    canSee: 'Can see',
    canDo: 'Can do',
    vehicles: 'Vehicles',
    manyVehicles: (count: number): string => `${count} vehicles`,
    manyPermissions: (count: number): string => `${count} items`,
    noVehicles: 'No vehicle chosen yet',
    removeVehicle: 'Remove',
    removeVehicleFor: (vehicle: string): string => `Remove ${vehicle}`,
    removeVehicleConsequence: (client: string): string =>
      `${client} will no longer be able to use this vehicle. Everything else stays as it is.`,
    vehicleRemoved: 'The vehicle has been removed.',
    dataChanged: 'Your change has been saved.',
    remove: 'Remove access',
    removeFor: (client: string): string => `Remove ${client}’s access`,
    removeConsequence: (client: string, make: string | undefined): string =>
      `${client} will no longer be able to use your ${make === undefined ? '' : `${make} `}vehicles. You can connect again in the app.`,
    /** For access that other services check without asking this server. */
    offline: (time: string): string =>
      `Services that check this access by themselves can accept it until ${time} if you remove it now.`,
    ended: 'Ended, but still working for a while',
    runsOutUntil: (time: string): string =>
      `The app gets no new access. What it already has works until ${time}.`,
    endedUntil: (time: string): string =>
      `Services that check this access by themselves can accept it until ${time}.`,
    recordsNote: 'A record of everything you agreed to, and of how it was used:',
    records: 'Download as a file (JSON)',
    removed: 'Access has been removed.',
    signedOutHere:
      'You are signed out here, but not at your account’s own sign-in page. If others use this device, sign out there too.',
    signedOut: 'You are signed out.',
  },
  /** The pages where owners enter the code that a device shows. */
  device: {
    title: 'Connect a device',
    heading: 'Enter the code on your device',
    code: 'Code',
    hint: 'The device shows eight letters, for example WDJB-MJHT.',
    next: 'Continue',
    faults: {
      wrong: 'No device shows this code. Check the letters.',
      over: 'This code has expired or was already used. Start again on the device.',
      tooMany: 'Too many wrong codes were entered. Please try again in a few minutes.',
    },
    compare: 'Does your device show this code?',
    warning:
      'Agree only if the device is in front of you and you started this yourself. If someone sent you the code or a link, decline: they would get access to your car.',
    agree: 'Connect',
    approved: {
      title: 'Device connected',
      heading: (client: string): string => `${client} is connected`,
      text: 'Go back to your device. It continues by itself within a few seconds. You can close this page.',
    },
    declined: {
      title: 'Device not connected',
      heading: (client: string): string => `${client} is not connected`,
      text: 'Nothing was shared. You can close this page.',
    },
  },
  /** The page that stands in for the app of a demo. */
  demo: {
    title: 'Demo app',
    heading: 'You are back in the app',
    lead: (dialect: string) =>
      `This page stands in for an app that uses the ${dialect} API. Your consent sent it an authorization code.`,
    code: 'The code',
    codeText: 'It works once, within ten minutes, and only for the app that it was made for.',
    exchange: 'Exchange it for tokens',
    exchangeText:
      'An app does this on its server, with its secret. Paste the command into a terminal on the machine of this server, or press the button:',
    exchangeHere: 'Exchange the code',
    answer: (status: number) => `The answer (HTTP ${status})`,
    granted:
      'The app keeps the refresh token and exchanges it for a new pair before the access token expires.',
    refused: 'The code gives nothing any more. Agree again to get a new one.',
    owner: 'See what you share, and end it:',
    declined: 'You did not agree',
    noCode: 'There is no code in this address',
    startAgain: 'Open the link to the consent page again, which the server prints when it starts.',
  },
  home: {
    title: 'Connect apps to your car',
    lead: 'An app that you want to connect sends you here, and you decide what it may use. Here you also see which apps are connected, and remove their access.',
  },
  message: {
    tryAgain: 'Try again',
    continue: 'Continue',
    backToApp:
      'Go back to the app and start again. If the problem continues, contact the app’s support team.',
    /** Stands above a technical description of what is wrong with a request. */
    forDevelopers: 'For the developer of the app:',
    /** Stands before the id of the request, which the log has too. */
    requestId: 'Request ID:',
    error: 'Error',
    problem: 'There is a problem',
    invalid: {
      title: 'Invalid request',
      text: 'The app that sent you here made a request that we cannot process. Nothing was shared.',
    },
    clientNotAllowed: {
      title: 'This app cannot connect',
      text: 'The app that sent you here is not registered or not active. Nothing was shared.',
    },
    redirectNotAllowed: {
      title: 'We cannot send you back to this app',
      text: 'The app asked us to send you to an address that is not registered for it. Nothing was shared.',
    },
    pageExpired: {
      title: 'This page has expired',
      text: 'Nothing has changed. You can continue where you left off.',
    },
    cookiesBlocked: {
      title: 'Your browser sent no cookie',
      text: 'This page needs a cookie to know that it is still you. Allow cookies for this site, then try again. Nothing has changed.',
    },
    linkExpired: {
      title: 'This link has expired',
      text: 'A link to choose vehicles works for ten minutes, and only while the app has access.',
    },
    pageNotFound: {
      title: 'Page not found',
      text: 'There is no page at this address. Check the link, or start again in the app.',
    },
    addressForApps: {
      title: 'This address is for apps',
      text: 'Apps send their requests here. There is no page to see.',
    },
    requestTooLarge: {
      title: 'Your browser sent too much data',
      text: 'Most of it are probably cookies. Delete the cookies of this site, then try again. Nothing has changed.',
    },
    tooManyVisits: {
      title: 'Too many visits',
      text: 'These pages were opened very often within a minute. Nothing was lost. Please try again in a moment.',
    },
    unavailable: {
      title: 'This page is not available right now',
      text: 'Nothing was lost. Please try again in a moment.',
    },
    broken: {
      title: 'Something went wrong here',
      text: 'This is our fault, not yours. Please try again. If it happens again, give the request ID to the support team.',
    },
    vehiclesUnavailable: {
      title: 'We cannot load your vehicles right now',
      text: 'Nothing was shared. Please try again in a moment.',
    },
    signInUnavailable: {
      title: 'You cannot sign in right now',
      text: 'The sign-in service does not respond. Please try again in a moment.',
    },
    signInRefused: {
      title: 'You are not signed in',
      text: 'Your sign-in was not completed. Nothing was shared.',
    },
    signInNotConfigured: {
      title: 'Sign-in is not set up yet',
      text: 'You cannot sign in here yet. The operator of this service has to set up sign-in first.',
    },
  },
  footer: 'Apps never see your password.',
};

/** The entries that every language has. */
export type Texts = typeof TEXTS_EN;

import { HttpClient, provideHttpClient, withInterceptors } from "@angular/common/http";
import { Component, inject } from "@angular/core";
import { bootstrapApplication } from "@angular/platform-browser";
import { provideRouter, RouterLink, RouterOutlet } from "@angular/router";
import { OidcClient } from "oidc-wasm";
import { createOidcGuard, injectOidcClient, injectSession, oidcGuard, oidcInterceptor, provideOidc } from "oidc-wasm/angular";
import { optionsOf, readSettings } from "../../shared/settings.ts";
import { cell, changeDetection } from "./change-detection.ts";

const settings = readSettings();
const options = optionsOf(settings);

@Component({
  selector: "app-root",
  imports: [RouterLink, RouterOutlet],
  template: `
    @let state = session();
    @switch (state.status) {
      @case ("signedIn") {
        <p data-testid="who">Signed in as {{ state.session.subject }}</p>
      }
      @case ("signedOut") {
        <p data-testid="who">Not signed in</p>
      }
      @case ("failed") {
        <p data-testid="who">{{ state.error }}</p>
        <button (click)="state.retry()">Try again</button>
      }
    }
    <a routerLink="/notes" [queryParams]="{ page: 2 }" fragment="last">Notes</a>
    <a routerLink="/drafts">Drafts</a>
    <router-outlet />
  `,
})
class App {
  readonly session = injectSession();
}

@Component({
  template: `
    <button data-testid="sign-in" [disabled]="!client()" (click)="client()?.signIn()">Sign in</button>
    <button data-testid="call-api" (click)="call()">Call the API</button>
    <button data-testid="sign-out" (click)="client()?.signOut()">Sign out</button>
    <pre data-testid="output">{{ output() }}</pre>
  `,
})
class Account {
  readonly client = injectOidcClient();
  readonly output = cell("");
  readonly #http = inject(HttpClient);

  call(): void {
    this.#http.get(`${settings.api}/me`, { observe: "response", responseType: "text" }).subscribe({
      next: ({ status, body }) => this.output.set(`${status} ${body}`),
      error: (failure: Error) => this.output.set(failure.message),
    });
  }
}

const client = settings.lazy ? () => OidcClient.create(options) : OidcClient.create(options);
const running = bootstrapApplication(App, {
  providers: [
    changeDetection,
    provideOidc(client),
    provideHttpClient(withInterceptors([oidcInterceptor])),
    provideRouter([
      { path: "", component: Account },
      { path: "welcome", component: Account },
      { path: "notes", component: Account, canActivate: [oidcGuard] },
      { path: "callback", component: Account, canActivate: [oidcGuard] },
      { path: "drafts", component: Account, canActivate: [createOidcGuard({ redirectTo: "/welcome" })] },
    ]),
  ],
});

/** The client and the application, for what a test does without a button. */
Object.assign(globalThis, { client, unmount: async () => (await running).destroy() });

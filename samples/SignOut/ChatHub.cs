using Microsoft.AspNetCore.SignalR;
using Microsoft.IdentityModel.JsonWebTokens;

namespace SignOut;

/// <summary>Whoever is signed in hears what anybody says.</summary>
internal sealed class ChatHub : Hub
{
    public Task Say(string text) =>
        Clients.All.SendAsync("said", Context.User?.FindFirst(JwtRegisteredClaimNames.Sub)?.Value, text, Context.ConnectionAborted);
}

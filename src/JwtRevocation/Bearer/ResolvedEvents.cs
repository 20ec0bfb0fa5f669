using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace JwtRevocation;

/// <summary>
/// The instance of the app's <c>EventsType</c> for one scheme in one request. JwtBearer makes one and keeps it for the
/// request, so that one event can leave something in it for the next.
/// </summary>
internal sealed class ResolvedEvents
{
    private readonly object _owner;
    private readonly JwtBearerEvents _events;
    private readonly ResolvedEvents? _earlier;

    private ResolvedEvents(object owner, JwtBearerEvents events, ResolvedEvents? earlier)
    {
        _owner = owner;
        _events = events;
        _earlier = earlier;
    }

    public static JwtBearerEvents Get(HttpContext context, object owner, Type eventsType)
    {
        ResolvedEvents? last = context.Features.Get<ResolvedEvents>();
        for (ResolvedEvents? resolved = last; resolved is not null; resolved = resolved._earlier)
        {
            if (resolved._owner == owner)
            {
                return resolved._events;
            }
        }

        var events = (JwtBearerEvents)context.RequestServices.GetRequiredService(eventsType);
        context.Features.Set(new ResolvedEvents(owner, events, last));
        return events;
    }
}

using Skitai.Engine.Caching.Rules;

namespace Skitai.Engine.Caching;

/// <content>Requests that wait for what another one's brings.</content>
internal sealed partial class SharedCache
{
    /// <summary>The answer to a request that waited for another one's, if that will do.</summary>
    /// <returns>False when it will not: nothing is written.</returns>
    private async ValueTask<bool> TryFollowAsync(CachedRequest request, Origin origin, Flight flight, Landing landing, ForwardReason reason)
    {
        switch (landing.Kind)
        {
            case LandingKind.Filling:
                return Suits(request, landing) && await TryFollowFillAsync(request, origin, flight, landing, reason);
            case LandingKind.Confirmed when landing.IsForLeaderOnly || !Suits(request, landing):
                return false;
            case LandingKind.Confirmed or LandingKind.StaleOnError:
                Interlocked.Increment(ref Counters.Mine.Collapsed);
                await AnswerAsync(request, landing, reason, isCollapsed: true);
                return true;
            case LandingKind.Failed:
                Interlocked.Increment(ref Counters.Mine.Collapsed);
                request.Exchange.Response.Headers[CacheStatusField.Name] = CacheStatusField.Forwarded(reason, isCollapsed: true);
                await origin.RefuseAsync(request.Exchange, landing.Fault!);
                return true;
            default:
                return false;
        }
    }

    private bool Suits(CachedRequest request, Landing landing)
    {
        var head = landing.Head!;
        return request.VariantOf(head.VaryNames) == head.Variant && Reuse.Decide(landing.Ready!.Freshness, Now, request.Control) == Use.AsIs;
    }

    private async ValueTask<bool> TryFollowFillAsync(CachedRequest request, Origin origin, Flight flight, Landing landing, ForwardReason reason)
    {
        var filling = landing.Filling!;
        if (filling.IsCertain && filling.TryOpenReader() is { } reader)
        {
            using (reader)
            {
                Interlocked.Increment(ref Counters.Mine.Collapsed);
                var left = ReadyAnswer.Seconds(landing.Ready!.Freshness.LeftAt(Now));
                await FillAnswer.WriteAsync(_sender, request, null, landing, reader, Now, CacheStatusField.Forwarded(reason, ttl: left, isCollapsed: true));
            }

            return true;
        }

        try
        {
            await flight.Ended.WaitAsync(_patience, _time, request.Exchange.ClientGone);
        }
        catch (TimeoutException)
        {
            return false;
        }

        var stored = Store.TryGet(request.Key, request, out var found) ? found
            : Store.MayFindOnDisk(request.Key) ? await Store.GetAsync(request.Key, request, request.Exchange.ClientGone) : null;
        if (stored is null)
        {
            return false;
        }

        var head = stored.Head;
        var ready = ReadyAnswer.Of(head, origin.Settings.CacheHeuristic);
        var now = Now;
        if (Reuse.Decide(ready.Freshness, now, request.Control) != Use.AsIs)
        {
            stored.Release();
            return false;
        }

        Interlocked.Increment(ref Counters.Mine.Collapsed);
        await WriteAsync(request, stored, head, ready, now, CacheStatusField.Forwarded(reason, ttl: ReadyAnswer.Seconds(ready.Freshness.LeftAt(now)), isCollapsed: true));
        return true;
    }
}

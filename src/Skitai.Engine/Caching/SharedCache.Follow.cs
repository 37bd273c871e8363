using Skitai.Engine.Caching.Rules;

namespace Skitai.Engine.Caching;

/// <content>Requests that wait for what another one's brings.</content>
internal sealed partial class SharedCache
{
    /// <summary>The answer to a request that waited for another one's, if that will do.</summary>
    /// <returns>Anything but <see cref="Followed.Answered"/>: nothing is written.</returns>
    private async ValueTask<Followed> FollowAsync(CachedRequest request, Origin origin, Flight flight, Landing landing, ForwardReason reason)
    {
        switch (landing.Kind)
        {
            case LandingKind.Filling or LandingKind.Confirmed or LandingKind.StaleOnError when landing.IsForLeaderOnly || request.VariantOf(landing.Head!.VaryNames) != landing.Head.Variant:
                return Followed.Again;
            case LandingKind.Filling or LandingKind.Confirmed when Reuse.Decide(landing.Ready!.Freshness, Now, request.Control) != Use.AsIs:
                return Followed.Alone;
            case LandingKind.Filling:
                return await FollowFillAsync(request, origin, flight, landing, reason);
            case LandingKind.Confirmed or LandingKind.StaleOnError:
                Interlocked.Increment(ref Counters.Mine.Collapsed);
                await AnswerAsync(request, landing, reason, isCollapsed: true);
                return Followed.Answered;
            case LandingKind.Failed when landing.IsForLeaderOnly:
                return Followed.Again;
            case LandingKind.Failed:
                await RefuseAsync(request, origin, flight, landing.Fault!, reason);
                return Followed.Answered;
            default:
                // It was not kept: by the rules for all who ask like this one, or for the other one's sake only.
                return IsMarked(request.Key, request.Traits) ? Followed.Alone : Followed.Again;
        }
    }

    /// <summary>The failure of another one's request is this one's, too.</summary>
    private ValueTask RefuseAsync(CachedRequest request, Origin origin, Flight flight, OriginException fault, ForwardReason reason)
    {
        request.Exchange.AnsweredBy = flight.Request.AnsweredBy;
        Interlocked.Increment(ref Counters.Mine.Collapsed);
        request.Exchange.Response.Headers[CacheStatusField.Name] = CacheStatusField.Forwarded(reason, isCollapsed: true);
        return origin.RefuseAsync(request.Exchange, fault);
    }

    /// <summary>Whether the last answer to such a request was not kept.</summary>
    private bool IsMarked(string key, RequestTraits traits)
    {
        var mark = MarkOf(key, traits);
        return Uncacheable.Has(mark) || Oversized.Has(mark);
    }

    private async ValueTask<Followed> FollowFillAsync(CachedRequest request, Origin origin, Flight flight, Landing landing, ForwardReason reason)
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

            return Followed.Answered;
        }

        try
        {
            await flight.Ended.WaitAsync(PatienceFor(origin), _time, request.Exchange.ClientGone);
        }
        catch (TimeoutException)
        {
            return Followed.Alone; // it comes, but slowly: so it would the next time
        }

        var stored = Store.TryGet(request.Key, request, out var found) ? found
            : Store.MayFindOnDisk(request.Key) ? await Store.GetAsync(request.Key, request, request.Exchange.ClientGone) : null;
        if (stored is null)
        {
            return IsMarked(request.Key, request.Traits) ? Followed.Alone : Followed.Again;
        }

        var head = stored.Head;
        var ready = ReadyAnswer.Of(head, origin.Settings.CacheHeuristic);
        var now = Now;
        if (Reuse.Decide(ready.Freshness, now, request.Control) != Use.AsIs)
        {
            stored.Release();
            return Followed.Alone;
        }

        Interlocked.Increment(ref Counters.Mine.Collapsed);
        await WriteAsync(request, stored, head, ready, now, CacheStatusField.Forwarded(reason, ttl: ReadyAnswer.Seconds(ready.Freshness.LeftAt(now)), isCollapsed: true));
        return Followed.Answered;
    }
}

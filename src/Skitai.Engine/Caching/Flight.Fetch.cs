using Skitai.Engine.Caching.Rules;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching;

/// <content>The request itself, and what its answer means.</content>
internal sealed partial class Flight
{
    /// <summary>Flies. Never throws; to be called once.</summary>
    public async Task RunAsync()
    {
        try
        {
            await FetchAsync();
        }
        catch (OriginException fault)
        {
            var landing = OnFault(fault);
            if (landing.Kind == LandingKind.StaleOnError || (_leader is null && _stored is not null))
            {
                _cache.TellKept(_origin.Settings.Name, fault.Message, Key); // else who gets an error for it is told of
            }

            Land(landing);
        }
        catch (MemberException fault)
        {
            // The answer broke off. Who has some of it learns of that from the store; who has not gets 502.
            _cache.TellBroken(_origin.Settings.Name, fault.Message, Key);
            Fault = new OriginException(502, fault.Message, fault);
            Land(OnFault(Fault, isForLeaderOnly: true));
        }
        catch (OperationCanceledException)
        {
            Fault = new OriginException(503, "given up");
            Land(new Landing(LandingKind.Failed) { Fault = Fault });
        }
#pragma warning disable CA1031 // whatever it is, those who wait must not wait for ever
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _cache.TellFailed(exception, Key);
            Fault = new OriginException(502, exception.Message, exception);
            Land(new Landing(LandingKind.Failed) { Fault = Fault, IsForLeaderOnly = true });
        }

        _cache.Remove(this);
        _givenUpByStore.TrySetResult();
        _ended.TrySetResult();
        lock (_changing)
        {
            _running = false;
        }

        ReleaseStored();
    }

    private async ValueTask FetchAsync()
    {
        var message = Request.Message;
        message.Interim = _leader is null ? null : this;
        var kept = _stored is null ? null : ReadyAnswer.Of(_stored.Head, _origin.Settings.CacheHeuristic);
        if (kept is { Freshness.Validators.Any: true })
        {
            Confirmation.AddConditions(message.Headers, kept.Freshness.Validators);
        }
        else
        {
            Confirmation.RemoveConditions(message.Headers);
        }

        var (answer, requestedAt, answeredAt) = await SendAsync();
        try
        {
            if (answer.Status == 304 && kept is { Freshness.Validators.Any: true })
            {
                if (Confirmation.Confirms(new Validators(answer.Headers.Lines, answeredAt), kept.Freshness.Validators))
                {
                    Land(Confirm(answer, requestedAt, answeredAt));
                    return;
                }

                // It is about something else: what the client wants has to be asked for without conditions.
                Confirmation.RemoveConditions(message.Headers);
                await answer.DisposeAsync();
                (answer, requestedAt, answeredAt) = await SendAsync();
            }

            if (kept is not null && StatusRules.IsError(answer.Status) && kept.Freshness.MayBeUsedOnError(answeredAt, isUnreachable: false, _control))
            {
                Land(new Landing(LandingKind.StaleOnError) { Stored = _stored, Head = _stored!.Head, Ready = kept, OriginStatus = answer.Status });
                return;
            }

            if (await TryKeepAsync(answer, requestedAt, answeredAt))
            {
                return;
            }

            // From here on it is the leader's, if there is one.
            if (LandPassed(answer))
            {
                answer = null;
            }
        }
        finally
        {
            if (answer is not null && !_isHandedOver)
            {
                await answer.DisposeAsync();
            }
        }
    }

    private async ValueTask<(MemberAnswer Answer, DateTimeOffset RequestedAt, DateTimeOffset AnsweredAt)> SendAsync()
    {
        var requestedAt = _cache.Now;
        var answer = await Request.SendAsync(_givenUp.Token);
        return (answer, requestedAt, _cache.Now);
    }

    /// <summary>The origin could not be asked.</summary>
    private Landing OnFault(OriginException fault, bool isForLeaderOnly = false)
    {
        if (_stored is not null)
        {
            var head = _stored.Head;
            var ready = ReadyAnswer.Of(head, _origin.Settings.CacheHeuristic);
            if (ready.Freshness.MayBeUsedOnError(_cache.Now, isUnreachable: true, _control))
            {
                return new Landing(LandingKind.StaleOnError) { Stored = _stored, Head = head, Ready = ready, OriginStatus = 0 };
            }

            if (ready.Freshness.IsNeverUsedStale)
            {
                // RFC 9111 section 5.2.2.2.
                fault = new OriginException(504, fault.Message, fault);
            }
        }

        return new Landing(LandingKind.Failed) { Fault = fault, IsForLeaderOnly = isForLeaderOnly };
    }

    /// <summary>304: what is kept is good again, with newer fields.</summary>
    private Landing Confirm(MemberAnswer answer, DateTimeOffset requestedAt, DateTimeOffset answeredAt)
    {
        var settings = _origin.Settings;
        var before = _stored!.Head;
        AddDate(answer.Headers, answeredAt);
        var fields = StoredFields.Update(before.Headers, answer.Headers, settings.CacheCookies);
        var freshness = new Freshness(before.Status, fields, requestedAt, answeredAt, settings.CacheHeuristic);
        var head = new StoredHead
        {
            Key = before.Key,
            VaryNames = before.VaryNames,
            Variant = before.Variant,
            Status = before.Status,
            Reason = before.Reason,
            Headers = StoredFields.Keep(fields, freshness.Control.WithheldFields),
            RequestedAt = requestedAt,
            AnsweredAt = answeredAt,
        };
        var refusal = Storability.Check(_traits, before.Status, fields, freshness, settings.CacheCookies);
        var isOther = !VaryNames.AreIn(fields, before.VaryNames);
        if (refusal == StoreRefusal.None && !isOther)
        {
            _cache.Store.Freshen(_stored, head);
            _cache.Uncacheable.Remove(SharedCache.MarkOf(Key, _traits));
        }
        else if (isOther || (!IsOfRequest(refusal) && refusal != StoreRefusal.Authorization))
        {
            _cache.Forget(Key);
        }

        Interlocked.Increment(ref _cache.Counters.Mine.Confirmed);
        return new Landing(LandingKind.Confirmed)
        {
            Stored = _stored,
            Head = head,
            Ready = ReadyAnswer.Of(head, settings.CacheHeuristic),
            OriginStatus = answer.Status,
            OwnFields = StoredFields.Own(answer.Headers, freshness.Control.WithheldFields),
            IsForLeaderOnly = refusal != StoreRefusal.None || isOther,
        };
    }

    private void Land(Landing landing)
    {
        if (_landing.Task.IsCompleted)
        {
            return;
        }

        if (landing.Kind != LandingKind.Filling)
        {
            // Who is let go must not find it again.
            _cache.Remove(this);
        }

        _landing.TrySetResult(landing);
    }

    private bool LandPassed(MemberAnswer answer)
    {
        bool isTaken;
        lock (_changing)
        {
            isTaken = _leader is not null;
            _passed = isTaken ? answer : null;
        }

        Land(new Landing(LandingKind.Passed) { OriginStatus = answer.Status });
        return isTaken;
    }

    /// <summary>Whether another request for the same may well get an answer that is kept.</summary>
    private static bool IsOfRequest(StoreRefusal refusal) =>
        refusal is StoreRefusal.RequestNoStore or StoreRefusal.UnkeyedField or StoreRefusal.Method;
}

using Skitai.Engine.Caching.Rules;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching;

/// <summary>
/// Looks at answers to requests whose last answer was not kept (<see cref="UncacheableKeys"/>): as soon as one could be, the
/// next request is a fetch for all.
/// </summary>
/// <param name="cache">The cache.</param>
/// <param name="guesses">Whether the origin's conf allows to guess a lifetime.</param>
internal sealed class MissedAnswers(SharedCache cache, bool guesses) : AnswerWitness
{
    private static readonly string s_status = CacheStatusField.Forwarded(ForwardReason.UriMiss);

    /// <inheritdoc/>
    public override void See(Exchange exchange, MemberAnswer answer)
    {
        // Most such answers say nothing of caching at all; those are done with here.
        if (SpeaksOfCaching(answer.Headers))
        {
            var traits = exchange.Request.Headers.Authorization.Count > 0 ? RequestTraits.Authorization : RequestTraits.None;
            var freshness = new Freshness(answer.Status, answer.Headers, cache.Now, cache.Now, guesses);
            if (freshness.Lifetime > TimeSpan.Zero
                && Storability.Check(traits, answer.Status, answer.Headers, freshness, keepsCookies: false) == StoreRefusal.None)
            {
                cache.Uncacheable.Remove(SharedCache.MarkOf(CacheKey.Of(exchange), traits));
            }
        }

        PassedAnswers.AddStatus(answer.Headers, s_status);
    }

    private static bool SpeaksOfCaching(HeaderList fields)
    {
        foreach (ref readonly var field in fields.Lines)
        {
            if (field.Name.EndsWith("Cache-Control", StringComparison.OrdinalIgnoreCase)
                || field.Name.Equals("Expires", StringComparison.OrdinalIgnoreCase)
                || field.Name.Equals("Last-Modified", StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}

using System.Globalization;
using Microsoft.Extensions.Primitives;
using Skitai.Engine.Caching.Rules;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching;

/// <summary>What is worked out once of a kept answer's head, so that a hit has little left to do.</summary>
internal sealed class ReadyAnswer
{
    private HitTexts? _texts;

    private ReadyAnswer(StoredHead head, bool guesses)
    {
        var list = new HeaderList();
        foreach (ref readonly var field in head.Headers.AsSpan())
        {
            list.Add(field.Name, field.Value);
        }

        Guesses = guesses;
        Freshness = new Freshness(head.Status, list, head.RequestedAt, head.AnsweredAt, guesses);
        ContentType = list.Find("Content-Type");
        HasAge = list.Find("Age") is not null;
        Fields = Group(list);
    }

    /// <summary>Its freshness.</summary>
    public Freshness Freshness { get; }

    /// <summary>Whether a lifetime was guessed, if need be.</summary>
    public bool Guesses { get; }

    /// <summary>The fields to send, each name once; without Age, Content-Length and Server.</summary>
    public KeyValuePair<string, StringValues>[] Fields { get; }

    /// <summary>The media type; null = it does not say.</summary>
    public string? ContentType { get; }

    /// <summary>Whether it came with an age.</summary>
    public bool HasAge { get; }

    /// <summary>Works it out, or takes what was worked out before.</summary>
    public static ReadyAnswer Of(StoredHead head, bool guesses)
    {
        if (head.ReadyMade is ReadyAnswer ready && ready.Guesses == guesses)
        {
            return ready;
        }

        ready = new ReadyAnswer(head, guesses);
        head.ReadyMade = ready;
        return ready;
    }

    /// <summary>The texts that change from second to second.</summary>
    public HitTexts TextsAt(DateTimeOffset now)
    {
        var age = (long)Freshness.AgeAt(now).TotalSeconds;
        return _texts is { } texts && texts.Age == age ? texts : _texts = new HitTexts(age, Seconds(Freshness.LeftAt(now)));
    }

    /// <summary>Whole seconds, those begun not counted.</summary>
    public static long Seconds(TimeSpan time) => (long)Math.Floor(time.TotalSeconds);

    private static KeyValuePair<string, StringValues>[] Group(HeaderList fields)
    {
        var grouped = new List<KeyValuePair<string, StringValues>>(fields.Count);
        foreach (ref readonly var field in fields.Lines)
        {
            if (field.Name.Equals("Age", StringComparison.OrdinalIgnoreCase)
                || field.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
                || field.Name.Equals("Server", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var (name, value) = (field.Name, field.Value);
            var at = grouped.FindIndex(one => one.Key.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (at < 0)
            {
                grouped.Add(new(name, value));
            }
            else
            {
                grouped[at] = new(grouped[at].Key, StringValues.Concat(grouped[at].Value, value));
            }
        }

        return [.. grouped];
    }

    /// <summary>Age and Cache-Status of one second.</summary>
    internal sealed class HitTexts(long age, long left)
    {
        /// <summary>The age in seconds.</summary>
        public long Age => age;

        /// <summary>The field's value.</summary>
        public StringValues AgeText { get; } = age.ToString(CultureInfo.InvariantCulture);

        /// <summary>What a hit says.</summary>
        public StringValues Status { get; } = CacheStatusField.Hit(left);
    }
}

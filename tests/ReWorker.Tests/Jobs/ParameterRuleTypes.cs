using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace ReWorker.Tests.Jobs;

/// <summary>The types that the binder's tests bind.</summary>
public sealed partial class ParameterRuleTests
{
    internal enum Color
    {
        Red,
        Green,
    }

    internal enum Level
    {
        Low = 0,
        High = 7,
    }

    internal sealed class Inner
    {
        public string Name { get; set; } = "";
    }

    internal sealed class Kinds
    {
        public string Text { get; set; } = "default";
        public bool Flag { get; set; }
        public byte Tiny { get; set; }
        public short Small { get; set; }
        public int Number { get; set; }
        public ulong Large { get; set; }
        public int? Maybe { get; set; }
        public float Single { get; set; }
        public decimal Money { get; set; }
        public IReadOnlyList<string> List { get; set; } = [];
        public Dictionary<string, int> Map { get; set; } = [];
        public Inner Inner { get; set; } = new();

        [JsonConverter(typeof(JsonStringEnumConverter<Color>))]
        public Color Color { get; set; }

        [JsonConverter(typeof(JsonStringEnumConverter<Color>))]
        public Color? MaybeColor { get; set; }

        public Level Level { get; set; }
    }

    internal sealed class Needed
    {
        [JsonRequired]
        public string Name { get; set; } = "";

        public int Count { get; set; }

        public string? Note { get; set; }
    }

    internal sealed class Ruled
    {
        [Range(-10, 10, ErrorMessage = "at most 10")]
        [AtLeastZero]
        public int Count { get; set; } = 1;

        [NotNegative("size is negative")]
        [NotNegative("size is too small")]
        public int Size { get; set; } = 3;

        public bool Flag { get; set; }

        public string First { get; set; } = "";

        [Compare(nameof(First), ErrorMessage = "not the same")]
        public string Second { get; set; } = "";
    }

    internal sealed class Empty
    {
        [Required(ErrorMessage = "a name is needed")]
        public string Name { get; set; } = "";

        [Required(ErrorMessage = "a host is needed")]
        public string? Host { get; set; } = "local";

        public bool Flag { get; set; }
    }

    internal sealed record Whole
    {
        [StringLength(3, ErrorMessage = "at most 3")]
        public required string First { get; init; }

        [Range(-10, 10, ErrorMessage = "at most 10")]
        public int Count { get; init; } = 1;

        [Compare(nameof(First), ErrorMessage = "not the same")]
        public string Second { get; init; } = "";
    }

    [AttributeUsage(AttributeTargets.Property)]
    internal sealed class AtLeastZeroAttribute() : ValidationAttribute("at least 0")
    {
        public override bool IsValid(object? value) => value is >= 0;
    }

    /// <summary>Allows no number below zero.</summary>
    [AttributeUsage(AttributeTargets.Property, AllowMultiple = true)]
    internal sealed class NotNegativeAttribute(string message) : ValidationAttribute(message)
    {
        public override object TypeId => this;

        public override bool IsValid(object? value) => value is >= 0;
    }

    [JsonSerializable(typeof(Kinds))]
    [JsonSerializable(typeof(Needed))]
    [JsonSerializable(typeof(Ruled))]
    [JsonSerializable(typeof(Empty))]
    [JsonSerializable(typeof(Whole))]
    internal sealed partial class RuleJson : JsonSerializerContext;
}

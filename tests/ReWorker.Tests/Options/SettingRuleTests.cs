using System.ComponentModel.DataAnnotations;
using ReWorker.Wire.Settings;
using Xunit;

namespace ReWorker.Tests.Options;

/// <summary>Each rule for settings at its limits, with the exact error.</summary>
public sealed class SettingRuleTests
{
    [Theory]
    [InlineData("", false)]
    [InlineData("a", false)]
    [InlineData("ab", true)]
    [InlineData("abcd", true)]
    [InlineData("abcde", false)]
    [InlineData("é", true)]
    [InlineData("éé", true)]
    [InlineData("ééa", false)]
    [InlineData(null, false)] // null in a JSON file removes the default
    public void Text_InBytes_IsInRange(string? value, bool isValid) =>
        Check(new TextAttribute(2, 4), value, isValid, $"{value}", "2 to 4 bytes");

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(4, true)]
    [InlineData(5, false)]
    [InlineData(-3, false)]
    [InlineData(null, true)] // a nullable setting that is not set
    public void Between_Number_IsInRange(int? value, bool isValid) =>
        Check(new BetweenAttribute(2, 4), value, isValid, $"{value}", "2 to 4");

    [Fact]
    public void Between_LargeNumber_IsNotCutOff() =>
        Check(new BetweenAttribute(2, 4), (1L << 32) + 3, isValid: false, "4294967299", "2 to 4");

    [Theory]
    [InlineData("00:00:00.9990000", false)]
    [InlineData("00:00:01", true)]
    [InlineData("1.00:00:00", true)]
    [InlineData("1.00:00:00.0010000", false)]
    [InlineData("-00:00:02", false)]
    public void Duration_IsInRange(string value, bool isValid) => Check(
        new DurationAttribute("00:00:01", "1.00:00:00"), TimeSpan.Parse(value, null), isValid, value,
        "00:00:01 to 1.00:00:00 ([d.]hh:mm:ss)");

    [Fact]
    public void Duration_NotSet_IsAllowed() =>
        Check(new DurationAttribute("00:00:01", "00:00:02"), null, isValid: true, "", "");

    [Theory]
    [InlineData(DayOfWeek.Monday, true)]
    [InlineData(DayOfWeek.Tuesday, true)]
    [InlineData(DayOfWeek.Friday, false)]
    [InlineData((DayOfWeek)7, false)] // the binder accepts any number
    public void OneOf_Name_IsAmongThem(DayOfWeek value, bool isValid) =>
        Check(new OneOfAttribute("Monday", "Tuesday"), value, isValid, $"{value}", "Monday, Tuesday");

    [Fact]
    public void Secret_Invalid_IsNotShown()
    {
        var result = Validate(new TextAttribute(0, 3) { IsSecret = true }, "s3cr3t");

        Assert.Equal("Sample:Key is not 0 to 3 bytes", result!.ErrorMessage);
    }

    private static void Check(SettingAttribute rule, object? value, bool isValid, string shown, string allowed)
    {
        var result = Validate(rule, value);

        Assert.Equal(isValid ? null : $"Sample:Key is '{shown}'; allowed: {allowed}", result?.ErrorMessage);
    }

    private static ValidationResult? Validate(SettingAttribute rule, object? value) =>
        rule.GetValidationResult(value, new ValidationContext(new SampleOptions()) { MemberName = "Key" });

    private sealed class SampleOptions;
}
